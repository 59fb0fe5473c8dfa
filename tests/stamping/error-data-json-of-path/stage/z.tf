{{ (print .Env.OUTPUT_DIR "/x.json" | data.JSON).a }}
