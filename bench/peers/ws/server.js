// The server broadcast of ws's README ("broadcasting to all connected WebSocket clients, including itself"), with rooms:
// the path of the handshake is the room's name. What comes is sent on as it is.
// node server.js PORT
'use strict';

const { createServer } = require('node:http');
const { WebSocket, WebSocketServer } = require('ws');

const http = createServer();
const wss = new WebSocketServer({ server: http });
const rooms = new Map();  // path -> Set of sockets

wss.on('connection', (ws, request) => {
  const path = request.url;
  let room = rooms.get(path);
  if (!room) rooms.set(path, (room = new Set()));
  room.add(ws);
  ws.on('error', console.error);
  ws.on('message', (data, isBinary) => {
    for (const client of room) {
      if (client.readyState === WebSocket.OPEN) client.send(data, { binary: isBinary });
    }
  });
  ws.on('close', () => {
    room.delete(ws);
    if (room.size === 0) rooms.delete(path);
  });
});

http.listen({ port: Number(process.argv[2]), host: '127.0.0.1', backlog: 4096 }, () => console.log('listening'));
