{{ (time.Unix 0).Format 1 }}
