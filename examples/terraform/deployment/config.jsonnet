{ name: 'orders', size: 10 }
