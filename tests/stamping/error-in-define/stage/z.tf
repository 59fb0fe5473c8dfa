{{ define "q" }}
 {{ .x }}{{ end }}{{ template "q" .cfg }}
