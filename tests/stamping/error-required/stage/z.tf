line
	é {{ required "set it" .cfg.empty }}
