<?php

declare(strict_types=1);

/** Asks `breachdex sidecar`. Needs the extension curl. */
final class Sidecar
{
    /**
     * @param string $address `unix:/run/breachdex/sidecar.sock` or `http://127.0.0.1:8070`
     * @param string $onError what happens if the sidecar does not answer: `accept`, `reject` or `raise`
     */
    public function __construct(
        private string $address,
        private string $onError = 'raise',
        private float $timeout = 2.0,
    ) {
        if (!in_array($onError, ['accept', 'reject', 'raise'], true)) {
            throw new InvalidArgumentException('onError is accept, reject or raise');
        }
    }

    /** May this password be used? Returns `accepted`, `action`, `reasons` and `messages`. */
    public function verdict(string $event, #[SensitiveParameter] string $password, array $more = []): array
    {
        $asked = ['event' => $event, 'password' => $password] + $more;
        return $this->post('/v1/verdict', $asked) ?? [
            'accepted' => $this->onError === 'accept',
            'action' => $this->onError,
            'reasons' => [],
            'messages' => $this->onError === 'accept' ? [] : ['The password cannot be checked now. Please try again later.'],
        ];
    }

    /** Tells the radar of a log-in attempt. Returns `allow`, `delay`, `challenge` or `deny`. */
    public function attempt(#[SensitiveParameter] array $attempt): string
    {
        // Nobody is locked out because the radar does not answer.
        return $this->post('/v1/attempt', $attempt, always: true)['radar']['advice'] ?? 'allow';
    }

    /** The answer; null if there is none and that is to be passed over. */
    private function post(string $path, #[SensitiveParameter] array $body, bool $always = false): ?array
    {
        $isUnix = str_starts_with($this->address, 'unix:');
        $request = curl_init(($isUnix ? 'http://localhost' : $this->address) . $path);
        curl_setopt_array($request, [
            CURLOPT_POSTFIELDS => json_encode($body, JSON_THROW_ON_ERROR),
            CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT_MS => (int) ($this->timeout * 1000),
            CURLOPT_PROXY => '',
        ]);
        if ($isUnix) {
            curl_setopt($request, CURLOPT_UNIX_SOCKET_PATH, substr($this->address, 5));
        }
        $answer = curl_exec($request);
        $status = curl_getinfo($request, CURLINFO_RESPONSE_CODE);
        if ($answer !== false && $status === 200) {
            return json_decode($answer, true, 32, JSON_THROW_ON_ERROR);
        }
        if ($answer !== false && $status < 500) {
            // A fault of this program: it is raised whatever onError says.
            throw new LogicException("the sidecar refused the request: $answer");
        }
        if ($this->onError === 'raise' && !$always) {
            throw new RuntimeException('the sidecar does not answer: ' . (curl_error($request) ?: "status $status"));
        }
        return null;
    }
}
