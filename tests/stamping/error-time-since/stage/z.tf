{{ time.Since 1 }}
