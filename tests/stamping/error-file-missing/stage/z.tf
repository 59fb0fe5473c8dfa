{{ file.Read "nope.txt" }}
