{{ .cfg.server.nope.deep }}
