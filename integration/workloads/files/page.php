<?php
// SPDX-License-Identifier: Apache-2.0
// A session, which php keeps in a file.
session_id('visitor');
session_start();
$_SESSION['note'] = $_GET['note'] ?? $_SESSION['note'] ?? '';
echo 'served by php as ', posix_getpwuid(posix_geteuid())['name'], ' ', $_SESSION['note'], "\n";
