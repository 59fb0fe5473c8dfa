{{ (time.Unix 0).In nil }}
