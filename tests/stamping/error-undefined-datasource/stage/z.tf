{{ ds "nope" }}
