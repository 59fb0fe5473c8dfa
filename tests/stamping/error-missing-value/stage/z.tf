é {{ if }}x{{ end }}
