{{ defineDatasource "d" "x/" }}{{ ds "d" "y/z" }}
