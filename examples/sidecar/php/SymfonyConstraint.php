<?php

declare(strict_types=1);

use Symfony\Component\Validator\Constraint;
use Symfony\Component\Validator\ConstraintValidator;

/**
 * A Symfony constraint:
 *
 *     #[NotExposed(event: 'sign_up')]
 *     private string $plainPassword;
 *
 * Register `NotExposedValidator` as a service with the tag `validator.constraint_validator`.
 */
#[Attribute(Attribute::TARGET_PROPERTY | Attribute::TARGET_METHOD)]
final class NotExposed extends Constraint
{
    public function __construct(public string $event = 'change', ?array $groups = null, mixed $payload = null)
    {
        parent::__construct([], $groups, $payload);
    }

    public function validatedBy(): string
    {
        return NotExposedValidator::class;
    }
}

final class NotExposedValidator extends ConstraintValidator
{
    public function __construct(private Sidecar $sidecar, private ?string $language = null)
    {
    }

    public function validate(#[SensitiveParameter] mixed $value, Constraint $constraint): void
    {
        if ($value === null || $value === '' || !$constraint instanceof NotExposed) {
            return;
        }
        $verdict = $this->sidecar->verdict($constraint->event, (string) $value, ['lang' => $this->language]);
        if (!$verdict['accepted']) {
            foreach ($verdict['messages'] as $message) {
                // The value is not handed on: a violation that shows it would show the password.
                $this->context->buildViolation($message)->setInvalidValue(null)->addViolation();
            }
        }
    }
}
