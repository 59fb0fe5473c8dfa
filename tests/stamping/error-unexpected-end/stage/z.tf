x

{{ end }}
