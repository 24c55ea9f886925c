import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('applications', '0006_old_answers')]

    operations = [
        migrations.RemoveField(
            model_name='application',
            name='decided_at',
        ),
        migrations.RemoveField(
            model_name='application',
            name='decided_by',
        ),
        migrations.RemoveField(
            model_name='application',
            name='decision_code',
        ),
        migrations.RemoveField(
            model_name='application',
            name='decision_text',
        ),
        migrations.RemoveField(
            model_name='application',
            name='form_version',
        ),
        migrations.RemoveField(
            model_name='application',
            name='may_reapply',
        ),
        migrations.RemoveField(
            model_name='application',
            name='what_to_change',
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('draft', 'submitted', 'in_review', 'info_requested', 'revised', 'recommended', 'appealed'))), fields=('applicant', 'family'), name='one_open_application'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['draft', 'submitted', 'in_review', 'info_requested', 'revised', 'recommended', 'approved', 'refused_fixable', 'refused_final', 'appealed', 'withdrawn', 'expired', 'closed'])), name='application_state_known'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('approved', 'refused_fixable', 'refused_final')), _negated=True), ('decision__isnull', False), _connector='OR'), name='application_is_answered'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['submitted', 'in_review', 'info_requested', 'revised', 'recommended', 'appealed']), _negated=True), models.Q(('acceptance__isnull', False), ('submitted_at__isnull', False)), _connector='OR'), name='application_is_sent_with_an_accepted_licence'),
        ),
        migrations.AddConstraint(
            model_name='application',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'in_review'), _negated=True), models.Q(('claimed_at__isnull', False), ('claimed_by__isnull', False)), _connector='OR'), name='a_case_in_review_is_claimed'),
        ),
        migrations.AlterField(
            model_name='application',
            name='form',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='applications', to='questionnaires.formversion'),
        ),
    ]
