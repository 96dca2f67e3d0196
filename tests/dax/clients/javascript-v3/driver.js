// Makes the calls of a file of steps through the DAX client for the AWS SDK for JavaScript v3.
// Usage: driver.js URL STEPS; credentials from the environment; prints a list of outcomes.
const {createRequire} = require('module');
const {run} = require('../javascript.js');
// Packages are installed elsewhere: NODE_MODULES names the folder.
const {Dax} = createRequire(process.env.NODE_MODULES + '/')('@amazon-dax-sdk/client-dax');

const dax = new Dax({
  endpoint: process.argv[2],
  endpoints: [process.argv[2]],
  region: 'us-east-1',
  maxRetries: 0,
  credentials: {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
  },
});
run((method, args) => dax[method](args));
