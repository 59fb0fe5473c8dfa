{{ ds "env:NO_SUCH" }}
