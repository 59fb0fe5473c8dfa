{{ strings.Repeat "3" "x" }}
