@echo {{ .cfg.name }}
{{- if true }}
x
{{- end }}
