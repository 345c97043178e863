<?php

declare(strict_types=1);

use Illuminate\Contracts\Validation\ValidationRule;

/**
 * A Laravel rule:
 *
 *     $request->validate(['password' => ['required', 'confirmed', new NotExposed(app(Sidecar::class), 'sign_up')]]);
 *
 * In a service provider: `$this->app->singleton(Sidecar::class, fn () => new Sidecar(config('services.breachdex.address')));`
 */
final class NotExposed implements ValidationRule
{
    public function __construct(
        private Sidecar $sidecar,
        private string $event = 'change',
        private array $account = [],
        private ?string $language = null,
    ) {
    }

    public function validate(string $attribute, #[SensitiveParameter] mixed $value, Closure $fail): void
    {
        $account = $this->account + ['lang' => $this->language];
        $verdict = $this->sidecar->verdict($this->event, (string) $value, $account);
        if (!$verdict['accepted']) {
            foreach ($verdict['messages'] as $message) {
                $fail($message);
            }
        }
    }
}
