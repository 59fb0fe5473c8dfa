ééé {{ .cfg.nope }}
