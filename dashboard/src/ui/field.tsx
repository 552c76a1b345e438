import clsx from "clsx";
import {
  type InputHTMLAttributes,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
  useId,
} from "react";

const BOX =
  "w-full rounded-lg border border-line-strong bg-surface px-3 text-sm text-ink placeholder:text-soft/80 disabled:opacity-60 aria-invalid:border-bad";

type Described = { id: string; "aria-describedby"?: string; "aria-invalid"?: true };

/** A labelled field. Its child gets the ids that tie label, hint and error to it. */
export function Field({
  label,
  hint,
  error,
  children,
  className,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  children: (tied: Described) => ReactNode;
  className?: string | undefined;
}) {
  const id = useId();
  const said = error ? `${id}-error` : hint ? `${id}-hint` : undefined;
  return (
    <div className={clsx("min-w-0", className)}>
      <label htmlFor={id} className="mb-1 block text-[0.8125rem] font-medium">
        {label}
      </label>
      {children({
        id,
        ...(said && { "aria-describedby": said }),
        ...(error ? { "aria-invalid": true } : {}),
      })}
      {error ? (
        <p id={`${id}-error`} role="alert" className="mt-1 text-[0.8125rem] text-bad">
          {error}
        </p>
      ) : (
        hint && (
          <p id={`${id}-hint`} className="mt-1 text-[0.8125rem] text-soft">
            {hint}
          </p>
        )
      )}
    </div>
  );
}

export function Input({ className, ...rest }: InputHTMLAttributes<HTMLInputElement>) {
  return <input className={clsx(BOX, "h-9", className)} {...rest} />;
}

export function Textarea({ className, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <textarea
      className={clsx(BOX, "field-sizing-content min-h-18 py-2 leading-relaxed", className)}
      {...rest}
    />
  );
}

export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select className={clsx(BOX, "h-9 pr-2", className)} {...rest} />;
}

type Labelled = {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  className?: string | undefined;
};

/** A field for a line of text, a number or a moment, with its label. */
export function InputField({
  label,
  hint,
  error,
  className,
  ...rest
}: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(tied) => <Input {...tied} {...rest} />}
    </Field>
  );
}

/** A field for several lines, with its label. */
export function TextareaField({
  label,
  hint,
  error,
  className,
  ...rest
}: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(tied) => <Textarea {...tied} {...rest} />}
    </Field>
  );
}

/** A choice of one, with its label. */
export function SelectField({
  label,
  hint,
  error,
  className,
  ...rest
}: Labelled & SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <Field label={label} hint={hint} error={error} className={className}>
      {(tied) => <Select {...tied} {...rest} />}
    </Field>
  );
}

/** A box to tick, with its words beside it. */
export function Checkbox({
  label,
  note,
  className,
  ...rest
}: { label: ReactNode; note?: ReactNode } & Omit<InputHTMLAttributes<HTMLInputElement>, "type">) {
  const id = useId();
  return (
    <div className={clsx("flex min-w-0 items-start gap-2.5", className)}>
      <input id={id} type="checkbox" className="mt-0.5 size-4 shrink-0 accent-accent" {...rest} />
      <label htmlFor={id} className="min-w-0 text-sm">
        {label}
        {note && <span className="block text-[0.8125rem] text-soft">{note}</span>}
      </label>
    </div>
  );
}

/** A switch that takes effect at once. */
export function Switch({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  checked: boolean;
  onChange: (on: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={checked}
      aria-label={label}
      title={label}
      disabled={disabled}
      onClick={() => onChange(!checked)}
      className={clsx(
        "inline-flex h-6 w-10 shrink-0 items-center rounded-full border px-0.5 transition disabled:opacity-55",
        checked ? "border-accent bg-accent" : "border-line-strong bg-raised",
      )}
    >
      <span
        className={clsx(
          "size-4.5 rounded-full transition",
          checked ? "translate-x-4 bg-accent-ink" : "bg-soft",
        )}
      />
    </button>
  );
}

/** A choice of one among few, all in sight. */
export function Segmented<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: readonly (readonly [value: T, word: ReactNode])[];
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="inline-flex min-w-0 max-w-full overflow-x-auto rounded-lg border border-line bg-raised p-0.5">
      <legend className="sr-only">{label}</legend>
      {options.map(([one, word]) => (
        <label
          key={one}
          className={clsx(
            "relative inline-flex h-7 cursor-pointer items-center gap-1.5 rounded-md px-2.5 text-[0.8125rem] font-medium whitespace-nowrap transition",
            "has-focus-visible:outline-2 has-focus-visible:outline-accent",
            one === value ? "bg-surface text-ink shadow-raised" : "text-soft hover:text-ink",
          )}
        >
          <input
            type="radio"
            name={name}
            value={one}
            checked={one === value}
            onChange={() => onChange(one)}
            className="sr-only"
          />
          {word}
        </label>
      ))}
    </fieldset>
  );
}
