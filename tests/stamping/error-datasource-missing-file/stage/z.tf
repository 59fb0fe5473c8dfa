{{ defineDatasource "d" "no.json" }}{{ ds "d" }}
