<?php

declare(strict_types=1);

namespace Illuminate\Contracts\Validation {
    interface ValidationRule
    {
        public function validate(string $attribute, mixed $value, \Closure $fail): void;
    }
}

namespace Symfony\Component\Validator {
    // What the constraint needs of Symfony, so that it runs without.
    class Constraint
    {
        public function __construct(mixed $options = null, ?array $groups = null, mixed $payload = null)
        {
        }
    }

    class ConstraintValidator
    {
        public object $context;
    }
}

namespace {
    require __DIR__ . '/../php/Sidecar.php';
    require __DIR__ . "/../php/{$argv[1]}.php";

    /** Collects what is said, in the place of a Symfony context. */
    final class Context
    {
        public array $messages = [];

        public function buildViolation(string $message): static
        {
            $this->messages[] = $message;
            return $this;
        }

        public function setInvalidValue(mixed $value): static
        {
            return $this;
        }

        public function addViolation(): void
        {
        }
    }

    $sidecar = new Sidecar(getenv('SIDECAR'), getenv('ON_ERROR'));
    foreach (json_decode(file_get_contents('php://stdin'), true) as $password) {
        try {
            if ($argv[1] === 'LaravelRule') {
                $messages = [];
                $rule = new NotExposed($sidecar, 'sign_up', ['user_name' => 'hanako'], 'ja');
                $rule->validate('password', $password, function (string $message) use (&$messages): void {
                    $messages[] = $message;
                });
            } else {
                $validator = new NotExposedValidator($sidecar, 'ja');
                $validator->context = new Context();
                $validator->validate($password, new NotExposed('sign_up'));
                $messages = $validator->context->messages;
            }
            echo $messages === [] ? 'accepted' : 'refused: ' . implode(' ', $messages), "\n";
        } catch (RuntimeException $error) {
            echo "error\n";
        }
    }
    $attempt = ['source' => '203.0.113.7', 'account' => 'hanako', 'outcome' => 'failed', 'password' => 'iloveyou'];
    echo $sidecar->attempt($attempt), "\n";
}
