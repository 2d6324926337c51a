// SPDX-License-Identifier: Apache-2.0
// What is put is kept in a file of the user's home.
const fs = require('fs');
const notes = '/home/node/notes';

require('http').createServer((request, response) => {
  if (request.method === 'PUT') {
    request.pipe(fs.createWriteStream(notes)).on('finish', () => response.end());
  } else {
    response.end('served by node\n' + (fs.existsSync(notes) ? fs.readFileSync(notes) : ''));
  }
}).listen(3000);
