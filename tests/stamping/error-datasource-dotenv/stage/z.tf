{{ defineDatasource "d" "bad.env" }}{{ ds "d" }}
