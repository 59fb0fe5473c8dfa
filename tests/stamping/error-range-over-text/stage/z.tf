{{ range .cfg.name }}{{ end }}
