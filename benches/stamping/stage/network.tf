{{- define "subnet" }}
resource "subnet" "{{ .zone }}" {
  zone = "{{ .region }}{{ .zone }}"
  cidr = "{{ .prefix }}.{{ .index }}.0/24"
  tags = {
    name = "{{ .region }}-{{ .zone }}"
  }
}
{{- end }}
locals {
  region = "{{ .cfg.region }}"
  zones  = {{ .cfg.zones | toJSON }}
}
{{ range $index, $zone := .cfg.zones }}
{{- template "subnet" dict "zone" $zone "region" $.cfg.region "prefix" $.cfg.prefix "index" $index }}
{{ end }}
