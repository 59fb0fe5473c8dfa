
 {{ tmpl.Exec "bad" .cfg }}
