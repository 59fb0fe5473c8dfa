{{ time.Parse "2006" "2024x" }}
