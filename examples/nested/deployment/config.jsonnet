{ who: 'world' }
