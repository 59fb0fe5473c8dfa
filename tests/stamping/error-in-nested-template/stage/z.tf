
 {{ template "bad" .cfg }}
