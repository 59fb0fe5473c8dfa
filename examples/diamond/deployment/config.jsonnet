(import '../library/config.libsonnet') + {
  region: 'eu-north-1',
}
