{{ ds "merge:cfg" }}
