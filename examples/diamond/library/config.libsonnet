// What every deployment of this library has in common. A deployment's config.jsonnet adds to it.
{
  region: error 'a deployment must set its region',
  bucket: 'state-' + self.region,
  network: { cidr: '10.0.0.0/16', zones: ['a', 'b'] },
  replicas: 2,
}
