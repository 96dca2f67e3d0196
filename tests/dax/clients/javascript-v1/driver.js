// Makes the calls of a file of steps through the DAX client of the AWS SDK for JavaScript v2's time.
// Usage: driver.js URL STEPS; credentials from the environment; prints a list of outcomes.
const {createRequire} = require('module');
const {run} = require('../javascript.js');
// Packages are installed elsewhere: NODE_MODULES names the folder.
const AmazonDaxClient = createRequire(process.env.NODE_MODULES + '/')('amazon-dax-client');

const dax = new AmazonDaxClient({endpoints: [process.argv[2]], region: 'us-east-1', maxRetries: 0});
run((method, args) => dax[method](args).promise());
