{{ tpl "{{ .nope }}" }}
