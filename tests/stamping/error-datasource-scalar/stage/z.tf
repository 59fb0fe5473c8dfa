{{ ds "env:FOO?type=application/json" }}
