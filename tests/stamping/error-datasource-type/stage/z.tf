{{ ds "env:STAGE_NAME?type=json" }}
