{{ time.ParseInLocation "2006" "../x" "2024" }}
