{{ tmpl.Inline "a" "b" 1 2 }}
