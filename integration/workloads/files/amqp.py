# SPDX-License-Identifier: Apache-2.0
"""amqp.py PORT put MESSAGE: leaves it, persistent, in a durable queue. amqp.py PORT get: takes it out and prints it."""
import sys

import pika

QUEUE = "notes"
PERSISTENT = 2  # the protocol's delivery mode


def main(port: str, verb: str, *message: str) -> None:
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", int(port))) as connection:
        channel = connection.channel()
        channel.queue_declare(QUEUE, durable=True)
        if verb == "put":
            # Confirmed by the broker once it is on disk.
            channel.confirm_delivery()
            channel.basic_publish("", QUEUE, message[0].encode(), pika.BasicProperties(delivery_mode=PERSISTENT))
        else:
            _, _, body = channel.basic_get(QUEUE, auto_ack=True)
            print((body or b"nothing in the queue").decode())


main(*sys.argv[1:])
