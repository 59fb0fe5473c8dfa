{{ defineDatasource "" "x" }}
