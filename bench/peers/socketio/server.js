// A chat on socket.io as its documentation writes one (Rooms; Performance tuning): join a room, emit to the room.
// node server.js PORT
'use strict';

const { createServer } = require('node:http');
const { Server } = require('socket.io');

const http = createServer();
const io = new Server(http, {
  serveClient: false,
  transports: ['websocket'],
  maxHttpBufferSize: 1e6,
});

// "Performance tuning": the first request of a connection is kept for as long as the connection unless one lets it go.
io.engine.on('connection', (rawSocket) => { rawSocket.request = null; });

io.on('connection', (socket) => {
  socket.on('join', (room, joined) => {
    socket.join(room);
    joined();
  });
  socket.on('message', (room, message) => io.to(room).emit('message', message));
});

http.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => console.log('listening'));
