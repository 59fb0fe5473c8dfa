{{ .cfg.a }}
{{ dict "a"
  .cfg.nope }}
