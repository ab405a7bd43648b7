/**
 * A rule that lets the controller create tokens enables the accounts that it names for Secret sync. If one of the names is this
 * one, it enables them for roll-outs instead. No account can have this name, so the rule allows nothing more. A resource or a verb of our
 * own would do as well, but whoever has the ClusterRole `admin` couldn't grant that.
 */
export const rolloutsMark = 'akv-injector.io/rollouts'
