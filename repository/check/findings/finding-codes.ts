interface CodeFacts {
  readonly means: string
  readonly remedy: string
}

/**
 * The codes of what `check` can find, in addition to those in `lib/errors`. `docs/errors.md` is generated from both.
 * The codes are stable.
 */
export const checkCodes = {
  AKV_CHECK_FILE: {
    means: 'A file or folder cannot be read, or does not contain manifests in YAML or JSON.',
    remedy:
      'Correct what the message names. Pass the chart of a template, or render it first and pass the result.',
  },
  AKV_CHECK_NOTHING: {
    means:
      'Nothing in the files is of interest to akv-injector, so check has checked nothing. The message says what it has seen.',
    remedy:
      'Pass the files with the pods and what they read from. Install kustomize, kubectl or helm if they are in charts or Kustomize folders.',
  },
  AKV_CHECK_UNREAD: {
    means:
      'A file or folder that check has not read has a SecretProviderClass, an object of the External Secrets Operator, a volume of the CSI driver, or an annotation of akv-injector. Or an object of Flux or Argo CD has one of these in its values, and is made into others elsewhere. The message says why it was skipped.',
    remedy:
      'Do what the message says: render the folder, name the file, or correct it. Pass other paths if it does not belong to the manifests.',
  },
  AKV_CHECK_AMBIGUOUS: {
    means:
      'The files define several different objects of one name, and nothing says which one counts.',
    remedy:
      'Keep one of them. If they belong to different environments, give each environment a folder of its own, or pass one at a time.',
  },
  AKV_CHECK_DENIED: {
    means: 'The webhook would deny the pod. All of its problems are reported at once.',
    remedy: 'Correct the annotation or the field that the message names.',
  },
  AKV_CHECK_PLACEHOLDER: {
    means:
      'The files have a placeholder, such as ${VAULT}, that Flux, envsubst or a pipeline fills in, and check knows no value for it. What depends on the value is undecided.',
    remedy:
      'Pass its value with --set NAME=VALUE or --from-env-file FILE, or check the manifests that come out of the pipeline.',
  },
  AKV_CHECK_WARNING: {
    means: 'The object is accepted, but may not do what its author expects.',
    remedy: 'Read the message. With --strict, such a warning makes the exit code 1.',
  },
  AKV_CHECK_MISPLACED: {
    means:
      "An akv-injector.io annotation is on a workload instead of its pod template. The webhook reads pods, and a workload's own annotations don't reach them.",
    remedy: 'Move the annotation to the place that the message names.',
  },
  AKV_CHECK_ROLLOUT: {
    means:
      'akv-injector.io/on-change asks for roll-outs that cannot happen: its value is invalid, or the workload is of a kind that is not rolled out, or belongs to another controller.',
    remedy:
      'Correct or remove the annotation. docs/applications.md, "Roll-outs", says which workloads can be rolled out.',
  },
  AKV_CHECK_NAMESPACE: {
    means:
      'A default installation ignores pods in this namespace, so the pod would start without its secrets.',
    remedy: 'Choose another namespace.',
  },
  AKV_CHECK_UNSERVED: {
    means: 'The object or volume belongs to another tool, and akv-injector does not serve it.',
    remedy: 'Read the page that the message names.',
  },
  AKV_CHECK_OTHER_TOOL: {
    means:
      'The object is written for another tool that delivers secrets, such as vault-k8s or akv2k8s. akv-injector ignores it.',
    remedy:
      'Nothing, if that tool runs in the cluster. To move, read the page that the message names.',
  },
  AKV_CHECK_CLASS: {
    means: 'A SecretProviderClass has a mistake, so its volumes would not be served.',
    remedy: 'Correct the parameter that the message names.',
  },
  AKV_CHECK_ADOPT: {
    means: "A Secret's akv-injector.io annotations are invalid, so it would not be adopted.",
    remedy: 'Correct the annotation that the message names.',
  },
  AKV_CHECK_NOT_LOOKED_AT: {
    means:
      "check found no pod template in the object. It can't tell whether another controller creates pods from it.",
    remedy:
      'If a controller creates pods from the object, check those pods: kubectl get pod NAME -o yaml | akv-injector check -',
  },
} as const satisfies Record<`AKV_CHECK_${string}`, CodeFacts>
