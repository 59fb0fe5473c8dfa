locals { x = {{ .cfg.users | toJSON }} }
{{ toJSONPretty "  " .cfg.rows }}
{{ .cfg.html | toJSON }} {{ .cfg.unicode | toJSON }}
