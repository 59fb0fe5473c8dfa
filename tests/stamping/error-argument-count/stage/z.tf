{{ strings.ToUpper }}
