<?php
// The collector in PHP, for PHP-FPM: a worker keeps its connection (ATTR_PERSISTENT) and, on it, its prepared statements.
//
// PDO forgets a prepared statement with the request that made it. PREPARE and EXECUTE by hand outlive it, so that a request is one
// round trip to the database and not three.

const STATEMENTS = ['write_one', 'write_many', 'read_type'];
const NO_SUCH_STATEMENT = '26000';

function database(): PDO
{
    return new PDO('pgsql:', null, null, [
        PDO::ATTR_PERSISTENT => true,
        PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION,
    ]);
}

function prepare_all(PDO $database): void
{
    foreach (STATEMENTS as $name) {
        $database->exec("PREPARE $name AS " . file_get_contents(getenv('BENCH_SQL') . "/$name.sql"));
    }
}

/** Runs a prepared statement; on a connection that is new, prepares them first. */
function execute(PDO $database, string $name, array $values): PDOStatement
{
    $statement = "EXECUTE $name (" . implode(', ', array_map([$database, 'quote'], $values)) . ')';
    try {
        return $database->query($statement);
    } catch (PDOException $error) {
        if ($error->getCode() !== NO_SUCH_STATEMENT) {
            throw $error;
        }
        prepare_all($database);
        return $database->query($statement);
    }
}

function answer(int $status, string $body): void
{
    http_response_code($status);
    header('Content-Type: application/json');
    header('Access-Control-Allow-Origin: *');
    header('Access-Control-Allow-Methods: GET,POST,OPTIONS');
    header('Content-Length: ' . strlen($body));
    echo $body;
}

function is_event(mixed $event): bool
{
    return is_object($event) && is_string($event->event_type ?? null) && is_string($event->session_id ?? null);
}

/** All members but the key. */
function properties(stdClass $event): string
{
    $rest = clone $event;
    unset($rest->event_type, $rest->session_id);
    return json_encode($rest, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION);
}

function uuid(): string
{
    $octets = random_bytes(16);
    $octets[6] = chr(ord($octets[6]) & 0x0f | 0x40);
    $octets[8] = chr(ord($octets[8]) & 0x3f | 0x80);
    return vsprintf('%s%s-%s-%s-%s-%s%s%s', str_split(bin2hex($octets), 4));
}

/** An array in PostgreSQL's text form. */
function array_text(array $values): string
{
    return '{"' . implode('","', array_map(fn($value) => addcslashes($value, '"\\'), $values)) . '"}';
}

function write_many(PDO $database, array $events): void
{
    // Two batches lock the same rows in the same order.
    usort($events, fn($a, $b) => [$a->event_type, $a->session_id] <=> [$b->event_type, $b->session_id]);
    $now = gmdate('Y-m-d\TH:i:s') . substr(sprintf('%.6f', fmod(microtime(true), 1)), 1) . 'Z';
    $values = [];
    foreach (explode(',', getenv('BENCH_COLUMNS')) as $column) {
        $values[] = array_text(array_map(fn($event) => match ($column) {
            'event_type' => $event->event_type,
            'session_id' => $event->session_id,
            'event_id' => uuid(),
            'properties' => properties($event),
            default => $now,
        }, $events));
    }
    execute($database, 'write_many', $values);
}

function post(): void
{
    $body = json_decode(file_get_contents('php://input'), false, 32);
    $events = is_array($body) ? $body : [$body];
    if (!$events || count($events) !== count(array_filter($events, 'is_event'))) {
        answer(400, '{"error":"Missing required fields: event_type and session_id"}');
        return;
    }
    $database = database();
    if (is_array($body)) {
        write_many($database, $events);
        $n = count($events);
        answer(201, json_encode(['message' => 'Data inserted successfully', 'received' => $n, 'inserted' => $n]));
        return;
    }
    execute($database, 'write_one', [$body->event_type, $body->session_id, properties($body)]);
    answer(201, '{"message":"Data inserted successfully"}');
}

function get(): void
{
    if (!is_string($_GET['event_type'] ?? null)) {
        answer(400, '{"error":"Missing required query parameter: event_type"}');
        return;
    }
    answer(200, execute(database(), 'read_type', [$_GET['event_type']])->fetchColumn());
}

try {
    $_SERVER['REQUEST_METHOD'] === 'POST' ? post() : get();
} catch (PDOException $error) {
    error_log($error->getMessage());
    answer(500, '{"error":"Internal server error"}');
}
