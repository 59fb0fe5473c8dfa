{{ tmpl.Exec "x" }}
